-- QuestionnaireResponse → observation: each answer is an event of its own. What was asked is said by the code of the item in
-- its Questionnaire, by a LOINC code in the linkId, else in words. Rules: docs/mapping.md#questionnaireresponse.

select
    landing_source as source,
    landing_file as file_id,
    'QuestionnaireResponse' as resource_type,
    id as resource_id,
    part,
    landing.reference_to(subject.reference, 'Patient') as patient_id,
    landing.reference_to(coalesce(encounter, context).reference, 'Encounter') as encounter_id,
    case
        when mapping.is_modified(list_concat("modifierExtension", modifiers)) then 'MODIFIER_EXTENSION'
        when mapping.drops_status('QuestionnaireResponse', status) then 'STATUS'
        when value is null then 'NO_ANSWER'
    end as refused,
    'observation' as natural_table,
    'observation' as role,
    {
        'coding': list_concat(
            codes,
            case when loinc <> '' then [{'system': 'http://loinc.org', 'code': loinc, 'display': words, 'userSelected': null::boolean}] end
        ),
        'text': coalesce(words, link)
    } as code,
    authored as start_text,
    case
        when contains(filled_by, 'Practitioner') then 'Healthcare professional filled survey'
        when contains(filled_by, 'Patient') or contains(filled_by, 'RelatedPerson') then 'Patient filled survey'
        else 'Survey'
    end as type,
    coalesce(value."valueQuantity".value, value."valueDecimal", value."valueInteger", mapping.number_of(value."valueString"))
        as value_number,
    coalesce(value."valueQuantity".comparator, mapping.comparator_of(value."valueString")) as comparator,
    mapping.answer_text(value) as value_text,
    case when value."valueCoding" is not null then {'coding': [value."valueCoding"], 'text': null::varchar} end as value_code,
    'boolean:' || value."valueBoolean" as value_constant,
    mapping.unit_of(value."valueQuantity") as unit,
    mapping.practitioner_of([author.reference, source.reference]) as provider
from (
    select
        given.* exclude (answer),
        given.answer.value as value,
        given.answer.link as link,
        given.answer.modifiers as modifiers,
        coalesce(given.answer.question, question.item.text) as words,
        list_concat(given.answer.code, question.item.code) as codes,
        regexp_extract(given.answer.link, '(?:^|/)(\d{4,6}-\d)$', 1) as loinc,
        coalesce(author.reference, given.source.reference) as filled_by
    from questionnaire_answer given
    left join question
        on question.landing_source = given.landing_source
        and question.name = given.questionnaire
        and question.link = given.answer.link
)
