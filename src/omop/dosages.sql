-- How a drug is taken, in words, where its dosage has no text. Rules: docs/mapping.md#medication.

create or replace macro mapping.schedule_of(timing) as
    json_transform(mapping.json_of(timing), '{
        "event": ["VARCHAR"],
        "code": {"coding": [{"display": "VARCHAR", "code": "VARCHAR"}], "text": "VARCHAR"},
        "repeat": {
            "frequency": "INTEGER", "frequencyMax": "INTEGER",
            "period": "DOUBLE", "periodMax": "DOUBLE", "periodUnit": "VARCHAR",
            "dayOfWeek": ["VARCHAR"], "timeOfDay": ["VARCHAR"], "when": ["VARCHAR"],
            "boundsDuration": {"value": "DOUBLE", "unit": "VARCHAR", "code": "VARCHAR"},
            "boundsPeriod": {"start": "VARCHAR", "end": "VARCHAR"}
        }
    }');

create or replace macro mapping.doses_of(dose_and_rate) as
    json_transform(mapping.json_of(dose_and_rate), '[{
        "doseQuantity": {"value": "DOUBLE", "unit": "VARCHAR", "code": "VARCHAR"},
        "doseRange": {
            "low": {"value": "DOUBLE", "unit": "VARCHAR", "code": "VARCHAR"},
            "high": {"value": "DOUBLE", "unit": "VARCHAR", "code": "VARCHAR"}
        },
        "rateQuantity": {"value": "DOUBLE", "unit": "VARCHAR", "code": "VARCHAR"}
    }]');

create or replace macro mapping.text_of_line(line) as coalesce(nullif(line.text, ''), nullif(line."patientInstruction", ''));

-- Whether a line of a dosage says more than its text.
create or replace macro mapping.has_structure(line) as
    line.timing is not null or line."doseAndRate" is not null or line."doseQuantity" is not null
    or line."asNeededBoolean" is not null or line."asNeeded" is not null
    or line."asNeededCodeableConcept" is not null or line."asNeededFor" is not null;

-- The lines of a dosage, with what they hold as JSON. In STU3 a line says but one dose. NULL where all of them say their text
-- only: to take apart what is not there takes most of the time of a drug.
create or replace macro mapping.dosage_lines(dosage) as
    case when list_bool_or(list_transform(dosage, lambda line: mapping.has_structure(line))) then
        list_transform(dosage, lambda line: {
            'text': mapping.text_of_line(line),
            'schedule': mapping.schedule_of(line.timing),
            'dose': coalesce(
                mapping.doses_of(line."doseAndRate")[1],
                case when line."doseQuantity" is not null then struct_pack(
                    "doseQuantity" := struct_pack(
                        value := line."doseQuantity".value, unit := line."doseQuantity".unit, code := line."doseQuantity".code
                    ),
                    "doseRange" := null,
                    "rateQuantity" := null
                ) end
            ),
            'as_needed': coalesce(line."asNeededBoolean", line."asNeeded"),
            'as_needed_for': mapping.first_codeable_concept(coalesce(line."asNeededCodeableConcept", line."asNeededFor"))
        })
    end;

-- '5 mg', '1'; NULL without a value.
create or replace macro mapping.amount_in_words(quantity) as
    mapping.number_text(quantity.value) || coalesce(' ' || coalesce(quantity.unit, quantity.code), '');

-- '1-2', '1'.
create or replace macro mapping.span_in_words(low, high) as
    nullif(concat_ws('-', mapping.number_text(low), mapping.number_text(high)), '');

create or replace macro mapping.unit_of_time(code) as
    coalesce(
        map {
            's': 'second', 'min': 'minute', 'h': 'hour', 'd': 'day', 'wk': 'week', 'mo': 'month', 'a': 'year'
        }[code],
        code
    );

-- 'once per day', '2-3 times per week', 'every 8 hours'.
create or replace macro mapping.frequency_in_words(repeat) as
    case
        when coalesce(repeat.frequency, repeat."frequencyMax", repeat.period) is not null
            and (repeat.period is null) = (repeat."periodUnit" is null)
        then concat_ws(
            ' ',
            case
                when coalesce(repeat.frequency, 1) > 1 or repeat."frequencyMax" is not null
                then mapping.span_in_words(coalesce(repeat.frequency, 1), repeat."frequencyMax") || ' times'
                when coalesce(repeat.period, 1) = 1 and repeat."periodMax" is null then 'once'
            end,
            case
                when repeat.period = 1 and repeat."periodMax" is null then 'per ' || mapping.unit_of_time(repeat."periodUnit")
                else 'every ' || mapping.span_in_words(repeat.period, repeat."periodMax") || ' ' || mapping.unit_of_time(repeat."periodUnit") || 's'
            end
        )
    end;

-- The codes of HL7's EventTiming.
create or replace macro mapping.times_of_day_in_words(codes) as
    list_transform(
        codes,
        lambda code: coalesce(
            map {
                'MORN': 'in the morning', 'MORN.early': 'early in the morning', 'MORN.late': 'late in the morning',
                'NOON': 'at noon', 'AFT': 'in the afternoon', 'EVE': 'in the evening', 'NIGHT': 'at night',
                'HS': 'before sleep', 'PHS': 'after sleep', 'WAKE': 'after waking',
                'C': 'with a meal', 'CM': 'with breakfast', 'CD': 'with lunch', 'CV': 'with dinner',
                'AC': 'before a meal', 'ACM': 'before breakfast', 'ACD': 'before lunch', 'ACV': 'before dinner',
                'PC': 'after a meal', 'PCM': 'after breakfast', 'PCD': 'after lunch', 'PCV': 'after dinner'
            }[code],
            code
        )
    );

create or replace macro mapping.schedule_in_words(schedule) as
    list_concat(
        [coalesce(mapping.frequency_in_words(schedule.repeat), mapping.words_of(schedule.code))],
        mapping.times_of_day_in_words(schedule.repeat."when"),
        [
            'at ' || list_aggregate(schedule.repeat."timeOfDay", 'string_agg', ', '),
            'on ' || list_aggregate(schedule.repeat."dayOfWeek", 'string_agg', ', '),
            'for ' || mapping.amount_in_words(struct_pack(
                value := schedule.repeat."boundsDuration".value,
                unit := coalesce(schedule.repeat."boundsDuration".unit, mapping.unit_of_time(schedule.repeat."boundsDuration".code) || 's'),
                code := null::varchar
            ))
        ]
    );

create or replace macro mapping.dose_in_words(dose) as
    [
        coalesce(
            mapping.amount_in_words(dose."doseQuantity"),
            mapping.span_in_words(dose."doseRange".low.value, dose."doseRange".high.value)
                || coalesce(
                    ' ' || coalesce(
                        dose."doseRange".high.unit, dose."doseRange".high.code, dose."doseRange".low.unit, dose."doseRange".low.code
                    ),
                    ''
                )
        ),
        'at ' || mapping.amount_in_words(dose."rateQuantity")
    ];

-- The lines of a dosage as one text, such as '2 tablets, 3 times per day, before a meal, for 10 days, as needed for pain'. string_agg
-- names its argument once; array_to_string and nullif twice each, and planning takes twice the time with each.
create or replace macro mapping.words_of_lines(lines) as
    list_aggregate(list_transform(lines, lambda line: coalesce(
        line.text,
        list_aggregate(list_concat(
            mapping.dose_in_words(line.dose),
            mapping.schedule_in_words(line.schedule),
            [case
                when line.as_needed_for is not null or line.as_needed
                then 'as needed' || coalesce(' for ' || mapping.words_of(line.as_needed_for), '')
            end]
        ), 'string_agg', ', ')
    )), 'string_agg', '; ');

create or replace macro mapping.sig_of(dosage, lines) as
    case
        when lines is not null then mapping.words_of_lines(lines)
        else list_aggregate(list_transform(dosage, lambda line: mapping.text_of_line(line)), 'string_agg', '; ')
    end;

create or replace macro mapping.route_of(dosage) as
    list_filter(list_transform(dosage, lambda line: line.route), lambda route: route is not null)[1];
