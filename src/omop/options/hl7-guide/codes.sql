-- Option ruleset "hl7-guide": vocabularies have one order, whatever a code is of (f2o-034). Those that the guide does not name keep
-- theirs, after them.

create or replace temp table vocabulary_priority as
with guide as (
    select vocabulary_id, priority
    from vocabulary_priority
    where role = 'any, by the HL7 guide'
)

select role, vocabulary_id, priority
from code_role
cross join guide
union all by name
select role, vocabulary_id, priority + 100 as priority
from vocabulary_priority
anti join guide using (vocabulary_id);
