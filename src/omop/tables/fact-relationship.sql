-- Each pair stands in both directions. Rules: docs/mapping.md#facts-that-belong-together.

insert into cdm.fact_relationship by name
with directed as (
    select whole_table as table_1, whole_id as fact_1, part_table as table_2, part_id as fact_2, relationship
    from row_link
    union all
    select part_table, part_id, whole_table, whole_id, 'reverse of ' || relationship
    from row_link
)

select
    domain_1.concept_id as domain_concept_id_1,
    fact_1 as fact_id_1,
    domain_2.concept_id as domain_concept_id_2,
    fact_2 as fact_id_2,
    relationship.concept_id as relationship_concept_id
from directed
join mapping.concept_map domain_1 on domain_1.key = 'domain:' || table_1
join mapping.concept_map domain_2 on domain_2.key = 'domain:' || table_2
join mapping.concept_map relationship on relationship.key = 'relationship:' || directed.relationship;
