-- Option timeZone: a time that says where on earth it was, as the clock of one zone showed it; any other stays as it is, also one
-- that only stands for a time that is not known.
create or replace macro mapping.on_one_clock(text) as
    case when mapping.first_day(text) is null then text else mapping.on_clock_of(text, {{time_zone}}) end;

create or replace macro mapping.stays_on_one_clock(stays) as
    list_transform(stays, lambda stay: {
        'start_text': mapping.on_one_clock(stay.start_text),
        'end_text': mapping.on_one_clock(stay.end_text),
        'kind': stay.kind,
        'class': stay.class,
        'care_site': stay.care_site
    });
