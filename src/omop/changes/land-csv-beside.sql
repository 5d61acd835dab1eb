-- The rows of the persons in question, and those of nobody, out of one CSV file of one source.

insert into {{table}}
from {{landed}}
where rowid in (
    select line.landing_place
    from {{from}}
    where {{person}} is null or ({{source}}, {{person}}) in (select (source, patient_id) from meta.touched_patient)
);
