-- The records of the patients in question, and those of no patient, out of one table. References are read once for each way in which
-- they are written, and rows are read as a whole only where they are wanted.

insert into {{table}}
from {{landed}}
where rowid in (
    select rowid
    from {{landed}}
    where (landing_source, coalesce({{reference}}, '')) in (
        select (landing_source, coalesce(reference, ''))
        from (select distinct landing_source, {{reference}} as reference from {{landed}})
        where coalesce({{patient}}, '') = ''
            or (landing_source, {{patient}}) in (select (source, patient_id) from meta.touched_patient)
    )
);
