-- Answers out of their nests. Rules: docs/mapping.md#questionnaireresponse.

-- The items of a Questionnaire or QuestionnaireResponse, at whatever depth, those of one level before those below.
create or replace macro mapping.items_of(items) as
    list_transform(
        json_extract(mapping.json_of('{"item":' || items || '}'), '$..item[*]'),
        lambda x: json_transform(x, '{
            "linkId": "VARCHAR",
            "modifierExtension": [{"url": "VARCHAR"}],
            "text": "VARCHAR",
            "code": [{"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR", "userSelected": "BOOLEAN"}],
            "answer": [{
                "modifierExtension": [{"url": "VARCHAR"}],
                "valueBoolean": "BOOLEAN",
                "valueDecimal": "DOUBLE",
                "valueInteger": "DOUBLE",
                "valueDate": "VARCHAR",
                "valueDateTime": "VARCHAR",
                "valueTime": "VARCHAR",
                "valueString": "VARCHAR",
                "valueUri": "VARCHAR",
                "valueCoding": {"system": "VARCHAR", "code": "VARCHAR", "display": "VARCHAR", "userSelected": "BOOLEAN"},
                "valueQuantity": {"value": "DOUBLE", "comparator": "VARCHAR", "unit": "VARCHAR", "system": "VARCHAR", "code": "VARCHAR"}
            }]
        }')
    );

-- An answer in words; NULL for one that has none, such as a picture or a mere heading of further questions.
create or replace macro mapping.answer_text(answer) as
    coalesce(
        coalesce(answer."valueQuantity".comparator, '') || mapping.number_text(answer."valueQuantity".value),
        mapping.number_text(coalesce(answer."valueDecimal", answer."valueInteger")),
        nullif(trim(answer."valueString"), ''),
        answer."valueBoolean"::varchar,
        answer."valueCoding".code,
        answer."valueCoding".display,
        answer."valueDate",
        answer."valueDateTime",
        answer."valueTime",
        answer."valueUri"
    );

-- The items of each Questionnaire under the names it is called by; of its versions the last counts.
create or replace temp table question as
select landing_source, name, item."linkId" as link, arg_max(struct_pack(text := item.text, code := item.code), coalesce(version, '')) as item
from (
    select landing_source, version, item, unnest([url, 'Questionnaire/' || id]) as name
    from (select * exclude (item), unnest(mapping.items_of(item)) as item from landing.questionnaire)
)
where name is not null and link is not null
group by all;

-- One row an answer, numbered from 1; a response without any has one row, numbered 0.
create or replace temp table questionnaire_answer as
select
    * exclude (answers),
    unnest(coalesce(nullif(answers, []), [null])) as answer,
    case when len(answers) > 0 then generate_subscripts(answers, 1) else 0 end as part
from (
    select
        * exclude (questionnaire, item),
        case
            when questionnaire[1] = '{' then landing.canonical_reference(mapping.json_of(questionnaire) ->> '$.reference')
            else split_part(questionnaire, '|', 1)
        end as questionnaire,
        flatten(list_transform(
            mapping.items_of(item),
            lambda x: list_transform(
                list_filter(x.answer, lambda y: mapping.answer_text(y) is not null),
                lambda y: struct_pack(
                    link := x."linkId",
                    question := x.text,
                    code := x.code,
                    modifiers := list_concat(x."modifierExtension", y."modifierExtension"),
                    value := y
                )
            )
        )) as answers
    from landing.questionnaire_response
);
