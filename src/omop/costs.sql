-- What was charged and paid, for the extracts of Claim and ExplanationOfBenefit. Rules: docs/mapping.md#claim-and-explanationofbenefit.

-- Amounts with the codes of their kind; of an address (Blue Button) its last part.
create or replace macro mapping.amounts_of(amounts) as
    list_filter(
        list_transform(
            amounts,
            lambda x: {
                'kinds': list_transform(x.category.coding, lambda y: regexp_extract(lower(y.code), '[^/]+$')),
                'amount': x.amount
            }
        ),
        lambda x: x.amount.value is not null
    );

-- One amount whose kind is known.
create or replace macro mapping.amount_known_as(kind, amount) as
    case when amount.value is not null then [{'kinds': [kind], 'amount': amount}] else [] end;

-- The amount of the first of these kinds that there is one of.
create or replace macro mapping.amount_of(amounts, kinds) as
    list_filter(
        list_transform(kinds, lambda kind: list_filter(amounts, lambda x: list_contains(x.kinds, kind))[1].amount.value),
        lambda value: value is not null
    )[1];

create or replace temp table bill as
select
    landing_source, landing_file, 'Claim' as resource_type, id, "modifierExtension", status, use, patient, prescription,
    encounter, procedure, item,
    'complete' as outcome,
    null::varchar as claim,
    coalesce(list_filter(insurance, lambda x: x.focal)[1], insurance[1]).coverage.reference as coverage,
    mapping.amount_known_as('submitted', total) as totals
from landing.claim
union all
select
    landing_source, landing_file, 'ExplanationOfBenefit', id, "modifierExtension", status, use, patient, prescription,
    encounter, procedure, item,
    mapping.codes_of(outcome)[1],
    landing.reference_to(claim.reference, 'Claim'),
    coalesce(
        try(insurance ->> '$[0].coverage.reference'),
        try(insurance ->> '$.coverage.reference')
    ),
    list_concat(
        coalesce(mapping.amounts_of(total), []),
        mapping.amount_known_as('submitted', "totalCost"),
        mapping.amount_known_as('payment', payment.amount)
    )
from landing.explanation_of_benefit;

-- One row a line with an amount, numbered from 1; a bill whose lines have none has one row, numbered 0, of its totals. What
-- each was for is named by the most specific first.
create or replace temp table billed_line as
select * exclude (item, totals, priced, prescriptions, encounters, procedures), unnest(coalesce(nullif(priced, []), [{
    'part': 0,
    'amounts': totals,
    'events': list_concat(prescriptions, encounters, list_transform(procedures, lambda x: x.name))
}])) as line
from (
    select
        *,
        list_filter(
            list_transform(
                item,
                lambda x, i: {
                    'part': i::integer,
                    'amounts': list_concat(
                        coalesce(mapping.amounts_of(x.adjudication), []),
                        mapping.amount_known_as('net', x.net)
                    ),
                    'events': list_concat(
                        list_transform(
                            list_filter(
                                procedures,
                                lambda y: list_contains(coalesce(x."procedureSequence", x."procedureLinkId"), y.sequence)
                            ),
                            lambda y: y.name
                        ),
                        prescriptions,
                        list_transform(x.encounter, lambda y: 'Encounter/' || landing.reference_to(y.reference, 'Encounter')),
                        encounters
                    )
                }
            ),
            lambda x: len(x.amounts) > 0
        ) as priced
    from (
        select
            *,
            ['MedicationRequest/' || landing.reference_to(prescription.reference, 'MedicationRequest')] as prescriptions,
            list_transform(
                list_concat(encounter, flatten(list_transform(item, lambda x: x.encounter))),
                lambda x: 'Encounter/' || landing.reference_to(x.reference, 'Encounter')
            ) as encounters,
            list_transform(
                procedure,
                lambda x: {
                    'sequence': x.sequence,
                    'name': 'Procedure/' || landing.reference_to(x."procedureReference".reference, 'Procedure')
                }
            ) as procedures
        from bill
    )
);

create or replace temp view cost_of_bill as
select
    bill.landing_source as source,
    bill.landing_file as file_id,
    bill.resource_type,
    bill.id as resource_id,
    bill.line.part as part,
    landing.reference_to(bill.patient.reference, 'Patient') as patient_id,
    case
        when len(bill."modifierExtension") > 0 then 'MODIFIER_EXTENSION'
        when mapping.drops_status(bill.resource_type, bill.status) or bill.outcome in ('error', 'queued') then 'STATUS'
        when bill.use in ('preauthorization', 'predetermination', 'proposed', 'exploratory') then 'INTENT'
        when explained.claim is not null then 'REFERENCE'
        when coalesce(len(bill.line.amounts), 0) = 0 then 'NO_AMOUNT'
    end as refused,
    list_filter(bill.line.events, lambda x: x is not null) as events,
    landing.reference_to(bill.coverage, 'Coverage') as coverage_id,
    coalesce(bill.line.amounts[1].amount.currency, bill.line.amounts[1].amount.code) as currency,
    mapping.amount_of(bill.line.amounts, ['submitted', 'line_sbmtd_chrg_amt', 'clm_tot_chrg_amt', 'net']) as total_charge,
    mapping.amount_of(bill.line.amounts, ['eligible', 'line_alowd_chrg_amt']) as amount_allowed,
    mapping.amount_of(bill.line.amounts, ['benefit', 'paidtoprovider', 'line_nch_pmt_amt', 'line_prvdr_pmt_amt', 'payment'])
        as paid_by_payer,
    mapping.amount_of(bill.line.amounts, ['paidbypatient']) as paid_by_patient,
    mapping.amount_of(bill.line.amounts, ['copay']) as paid_patient_copay,
    mapping.amount_of(bill.line.amounts, ['coinsurance', 'line_coinsrnc_amt']) as paid_patient_coinsurance,
    mapping.amount_of(bill.line.amounts, ['deductible', 'line_bene_ptb_ddctbl_amt']) as paid_patient_deductible,
    mapping.amount_of(bill.line.amounts, ['priorpayerpaid']) as paid_by_primary,
    mapping.amount_of(bill.line.amounts, ['drugcost']) as paid_ingredient_cost
from billed_line bill
left join (
    select distinct landing_source, claim
    from bill
    where status = 'active' and claim is not null
) explained
    on explained.landing_source = bill.landing_source
    and bill.resource_type = 'Claim'
    and explained.claim = bill.id;
