-- Of several versions of one resource the newest stays: by meta.lastUpdated, then versionId, then content, so that the
-- order of the input has no say. The others are counted with the file they came from.

create or replace temp table superseded as
select row_number, landing_file
from (
    select
        version.rowid as row_number,
        version.landing_file,
        row_number() over (
            partition by version.landing_source, version.id
            order by
                try_cast(version.meta."lastUpdated" as timestamptz) desc nulls last,
                try_cast(version.meta."versionId" as bigint) desc nulls last,
                {{content}},
                file.path
        ) as age
    from {{table}} version
    join meta.file file on file.file_id = version.landing_file
    where version.id in (
        select id
        from {{table}}
        where id in (select id from {{table}} where landing_file in (select file_id from landing_file))
        group by landing_source, id
        having count(*) > 1
    )
)
where age > 1;
