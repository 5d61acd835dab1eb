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

-- The procedures that a bill tells of, by their numbers, and those that a line of it is for.
create or replace macro mapping.procedures_in(procedure) as
    list_transform(
        procedure,
        lambda x: {
            'sequence': x.sequence,
            'name': 'Procedure/' || landing.reference_to(x."procedureReference".reference, 'Procedure')
        }
    );

create or replace macro mapping.procedures_of_line(line, procedures) as
    list_transform(
        list_filter(
            procedures,
            lambda numbered: list_contains(coalesce(line."procedureSequence", line."procedureLinkId"), numbered.sequence)
        ),
        lambda numbered: numbered.name
    );

-- The insurance that a bill is for: the focal one, else the first, or the only one, of which STU3 makes no list.
create or replace macro mapping.coverage_of(insurance) as
    coalesce(
        list_filter(json_extract(insurance, '$[*]'), lambda x: (x ->> 'focal') = 'true')[1] ->> '$.coverage.reference',
        insurance ->> '$[0].coverage.reference',
        insurance ->> '$.coverage.reference'
    );

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
    mapping.coverage_of(mapping.json_of(insurance)),
    list_concat(
        coalesce(mapping.amounts_of(total), []),
        mapping.amount_known_as('submitted', "totalCost"),
        mapping.amount_known_as('payment', payment.amount)
    )
from landing.explanation_of_benefit;

-- What Claims say that their lines are for, where what was decided about them may not.
create or replace temp table claimed as
select
    landing_source,
    id as claim,
    prescription,
    flatten(list_transform(
        item,
        lambda line: list_transform(
            mapping.procedures_of_line(line, procedures), lambda name: {'sequence': line.sequence, 'name': name}
        )
    )) as procedures
from (
    select *, mapping.procedures_in(procedure) as procedures
    from landing.claim
    where len(procedure) > 0 or prescription is not null
);

-- One row a line with an amount, numbered from 1; a bill whose lines have none has one row, numbered 0, of its totals. What
-- each was for is named by the most specific first.
create or replace temp table billed_line as
select
    landing_source, landing_file, resource_type, id, patient_id, refused, claim, coverage_id,
    line.part as part,
    list_filter(line.events, lambda x: x is not null) as events,
    line.amounts as amounts,
    total,
    coalesce(line.amounts[1].amount.currency, line.amounts[1].amount.code) as currency
from (
    select
        landing_source, landing_file, resource_type, id, claim,
        landing.reference_to(patient.reference, 'Patient') as patient_id,
        landing.reference_to(coverage, 'Coverage') as coverage_id,
        case
            when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION'
            when mapping.drops_status(resource_type, status) or outcome in ('error', 'queued') then 'STATUS'
            when use in ('preauthorization', 'predetermination', 'proposed', 'exploratory') then 'INTENT'
        end as refused,
        list_filter(totals, lambda x: list_contains(x.kinds, 'submitted'))[1].amount.value as total,
        unnest(coalesce(nullif(priced, []), [{
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
                            mapping.procedures_of_line(x, procedures),
                            list_transform(
                                list_filter(claimed_procedures, lambda y: y.sequence = x.sequence), lambda y: y.name
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
                bill.*,
                claimed.procedures as claimed_procedures,
                [
                    'MedicationRequest/'
                    || landing.reference_to(coalesce(bill.prescription, claimed.prescription).reference, 'MedicationRequest')
                ] as prescriptions,
                list_transform(
                    list_concat(encounter, flatten(list_transform(item, lambda x: x.encounter))),
                    lambda x: 'Encounter/' || landing.reference_to(x.reference, 'Encounter')
                ) as encounters,
                mapping.procedures_in(bill.procedure) as procedures
            from bill
            left join claimed on claimed.landing_source = bill.landing_source and claimed.claim = bill.claim
        )
    )
);

-- The amounts of each line, by the columns of the CDM they belong in; of several kinds the preferred, of several of a kind the
-- first.
create or replace temp table amount_of_line as
with amount as (
    select landing_source, resource_type, id, part, position, unnest(amount.kinds) as kind, amount.amount.value as value
    from (
        select
            landing_source, resource_type, id, part,
            unnest(amounts) as amount,
            generate_subscripts(amounts, 1) as position
        from billed_line
    )
),

preferred as (
    select landing_source, resource_type, id, part, known.amount, arg_min(value, (known.preference, position)) as value
    from amount
    join read_csv({{cost_amounts}}, {{list_format}}, columns => {
        'kind': 'varchar', 'preference': 'integer', 'amount': 'varchar', 'rule': 'varchar'
    }) known using (kind)
    group by all
)
select
    landing_source, resource_type, id, part,
    any_value(value) filter (amount = 'total_charge') as total_charge,
    any_value(value) filter (amount = 'amount_allowed') as amount_allowed,
    any_value(value) filter (amount = 'paid_by_payer') as paid_by_payer,
    any_value(value) filter (amount = 'paid_by_patient') as paid_by_patient,
    any_value(value) filter (amount = 'paid_patient_copay') as paid_patient_copay,
    any_value(value) filter (amount = 'paid_patient_coinsurance') as paid_patient_coinsurance,
    any_value(value) filter (amount = 'paid_patient_deductible') as paid_patient_deductible,
    any_value(value) filter (amount = 'paid_by_primary') as paid_by_primary,
    any_value(value) filter (amount = 'paid_ingredient_cost') as paid_ingredient_cost
from preferred
group by all;

create or replace temp table cost_of_bill as
select
    line.landing_source as source,
    line.landing_file as file_id,
    line.resource_type,
    line.id as resource_id,
    line.part,
    line.patient_id,
    case
        when line.refused is not null then line.refused
        when explained.claim is not null then 'REFERENCE'
        when not line.has_amount then 'NO_AMOUNT'
    end as refused,
    line.events,
    line.coverage_id,
    line.currency,
    line.total,
    amount.* exclude (landing_source, resource_type, id, part)
from (
    select
        * exclude (amounts),
        coalesce(len(amounts), 0) > 0 as has_amount,
        case when resource_type = 'Claim' then id end as own_claim
    from billed_line
) line
left join (
    select distinct landing_source, claim
    from bill
    where status = 'active' and claim is not null
) explained
    on explained.landing_source = line.landing_source and explained.claim = line.own_claim
left join amount_of_line amount
    on amount.landing_source = line.landing_source
    and amount.resource_type = line.resource_type
    and amount.id = line.id
    and amount.part = line.part;

-- What was charged beyond the lines that say what they cost is the cost of nothing in particular, and counted only.
insert into cost_of_bill by name
select
    source,
    file_id,
    resource_type,
    resource_id,
    0 as part,
    any_value(patient_id) as patient_id,
    'TOTAL_BEYOND_LINES' as refused
from cost_of_bill
where refused is null and part > 0
group by source, file_id, resource_type, resource_id
having max(total) > sum(total_charge) + 0.005;
