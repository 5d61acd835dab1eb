-- Observation and its components → measurement or observation, by the domain of the code. Rules: docs/mapping.md#observation.

with dated as not materialized (
    select
        *,
        coalesce(encounter, context) as visit,
        case when len(focus) > 0 then mapping.is_of_another(focus, subject) end as of_another,
        mapping.members_of("hasMember", related) as members,
        mapping.dated(
            "effectiveDateTime",
            mapping.first_dated([
                "effectivePeriod".start, "effectiveInstant", "effectiveTiming".event[1],
                "effectiveTiming".repeat."boundsPeriod".start, issued
            ])
        ) as start_text,
        case when start_text is distinct from "effectiveDateTime" and start_text = issued then 'time issued' end as start_taken_from
    from landing.observation
),

part as (
    select
        landing_source, landing_file, id, "modifierExtension", status, category, subject, of_another, visit, performer, start_text,
        start_taken_from,
        0 as part,
        -- A panel with members is kept without a value: it is what ties them together.
        len(component) > 0 and coalesce(len(members), 0) = 0 as only_components,
        len(component) > 0 as panel,
        code, "valueQuantity", "valueInteger", "valueString", "valueBoolean", "valueCodeableConcept", "valueDateTime",
        "valueTime", "valuePeriod", "valueRange", "valueRatio", "valueSampledData",
        "dataAbsentReason", interpretation, "referenceRange", "bodySite"
    from dated
    union all
    select
        landing_source, landing_file, id, list_concat("modifierExtension", component."modifierExtension") as "modifierExtension",
        status, category, subject, of_another, visit, performer, start_text, start_taken_from,
        position as part,
        false as only_components,
        false as panel,
        component.code, component."valueQuantity", component."valueInteger", component."valueString",
        component."valueBoolean", component."valueCodeableConcept", component."valueDateTime",
        component."valueTime", component."valuePeriod", component."valueRange", component."valueRatio",
        component."valueSampledData", component."dataAbsentReason", component.interpretation,
        component."referenceRange", "bodySite"
    from (
        select
            * exclude (component),
            unnest(component) as component,
            generate_subscripts(component, 1) as position
        from dated
        where len(component) > 0
    )
),

valued as (
    select
        *,
        "valueQuantity".value is not null or "valueInteger" is not null or "valueString" is not null
            or "valueBoolean" is not null or "valueCodeableConcept" is not null or "valueDateTime" is not null
            or "valueTime" is not null or "valuePeriod" is not null or "valueRange" is not null
            or "valueRatio" is not null or "valueSampledData" is not null as has_value,
        -- A range with one bound and a ratio to 1 are quantities too. Most values are neither, and to copy them takes time.
        case
            when "valueQuantity" is null and ("valueRatio" is not null or "valueRange" is not null)
            then case
                when "valueRatio".denominator.value = 1 and not contains(coalesce("valueRatio".denominator.code, ''), '/')
                then mapping.per_one("valueRatio".numerator, "valueRatio".denominator)
                when "valueRange".low.value is null then "valueRange".high
                when "valueRange".high.value is null then "valueRange".low
            end
        end as other_quantity,
        case when len("referenceRange") > 0 then list_filter("referenceRange", lambda x: mapping.is_normal(x.type))[1] end as first_range
    from part
)

select
    landing_source as source,
    landing_file as file_id,
    'Observation' as resource_type,
    id as resource_id,
    part,
    landing.reference_to(subject.reference, 'Patient') as patient_id,
    landing.reference_to(visit.reference, 'Encounter') as encounter_id,
    case
        when mapping.is_modified("modifierExtension") then 'MODIFIER_EXTENSION'
        when mapping.drops_status('Observation', status) then 'STATUS'
        when of_another then 'FOCUS'
        when not has_value and "dataAbsentReason" is not null then 'DATA_ABSENT'
        when not has_value and only_components then 'PANEL_WITHOUT_VALUE'
    end as refused,
    case
        when list_has_any(categories, ['laboratory', 'vital-signs']) or value_number is not null then 'measurement'
        else 'observation'
    end as natural_table,
    'observation' as role,
    code,
    panel,
    start_text,
    start_taken_from,
    case
        when list_contains(categories, 'laboratory') then 'Lab'
        when mapping.is_patient(performer[1].reference) then 'Patient self-report'
        else 'EHR'
    end as type,
    value_number,
    comparator,
    value_text,
    "valueCodeableConcept" as value_code,
    case
        when "valueBoolean" is not null then 'boolean:' || "valueBoolean"
        when not has_value then 'qualifier:' || interpreted_as
    end as value_constant,
    case when has_value then interpreted_as end as qualifier,
    case when "bodySite" is not null then mapping.first_codeable_concept("bodySite") end as anatomic_site,
    case
        when "valueQuantity" is not null then mapping.unit_of("valueQuantity")
        else mapping.unit_of(coalesce(other_quantity, "valueRange".low, "valueSampledData".origin))
    end as unit,
    case when first_range_fits then first_range.low.value else other_range.low.value end as range_low,
    case when first_range_fits then first_range.high.value else other_range.high.value end as range_high,
    case
        when len(performer) > 0
        then landing.canonical_reference(list_filter(
            performer, lambda x: contains(x.reference, 'Practitioner') or starts_with(x.reference, 'urn:')
        )[1].reference)
    end as provider
from (
    select
        *,
        list_transform(flatten(list_transform(category, lambda x: x.coding)), lambda x: x.code) as categories,
        case when interpretation is not null then mapping.first_code(interpretation) end as interpreted_as,
        coalesce(
            "valueQuantity".value, other_quantity.value, "valueInteger"::double, mapping.number_of("valueString")
        ) as value_number,
        case
            when "valueQuantity".value is not null then "valueQuantity".comparator
            when other_quantity.value is null then mapping.comparator_of("valueString")
            when "valueRange" is null then other_quantity.comparator
            when "valueRange".low.value is null then '<='
            else '>='
        end as comparator,
        coalesce(
            mapping.amount_text("valueQuantity"),
            "valueString",
            "valueInteger"::varchar,
            "valueBoolean"::varchar,
            "valueDateTime",
            "valueTime",
            nullif(concat_ws('/', "valuePeriod".start, "valuePeriod"."end"), ''),
            "valueSampledData".data,
            "valueCodeableConcept".coding[1].code,
            "valueCodeableConcept".text,
            "valueCodeableConcept".coding[1].display,
            nullif(concat_ws('-', mapping.number_text("valueRange".low.value), mapping.number_text("valueRange".high.value)), ''),
            mapping.amount_text("valueRatio".numerator) || ':' || mapping.amount_text("valueRatio".denominator),
            case when not has_value then interpreted_as end
        ) as value_text,
        -- The columns of a range have no unit but that of the value. Most often the first fits; to look through all takes long.
        case
            when first_range is not null
            then mapping.fits_unit_of(first_range, "valueQuantity") and mapping.fits_unit_of(first_range, other_quantity)
        end as first_range_fits,
        case
            when not first_range_fits
            then list_filter(
                "referenceRange",
                lambda x: mapping.is_normal(x.type)
                    and mapping.fits_unit_of(x, "valueQuantity")
                    and mapping.fits_unit_of(x, other_quantity)
            )[1]
        end as other_range
    from valued
)
