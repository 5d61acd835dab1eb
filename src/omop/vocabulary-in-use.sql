-- The rows of the vocabulary that the data uses become the vocabulary of the warehouse, so that it answers without the
-- vocabulary's own database: the concepts in use, all that stands above them, and what leads from one of these to another.

create or replace temp table concept_in_use as
select distinct concept_id
from ({{concepts}})
where concept_id is not null;

delete from vocab.drug_strength;
insert into vocab.drug_strength
select distinct *
from vocabulary.drug_strength semi join concept_in_use on concept_id = drug_concept_id;

delete from vocab.concept_synonym;
insert into vocab.concept_synonym
select distinct *
from vocabulary.concept_synonym semi join concept_in_use using (concept_id);

create or replace temp table kept_concept as
from concept_in_use
union
select ancestor_concept_id
from vocabulary.concept_ancestor semi join concept_in_use on concept_id = descendant_concept_id
union
select unnest([ingredient_concept_id, amount_unit_concept_id, numerator_unit_concept_id, denominator_unit_concept_id])
from vocab.drug_strength
union
select language_concept_id
from vocab.concept_synonym;

delete from vocab.concept;
insert into vocab.concept
from vocabulary.concept semi join kept_concept using (concept_id);

delete from vocab.concept_ancestor;
insert into vocab.concept_ancestor
select distinct *
from vocabulary.concept_ancestor
semi join kept_concept descendant on descendant.concept_id = descendant_concept_id
semi join kept_concept ancestor on ancestor.concept_id = ancestor_concept_id;

delete from vocab.concept_relationship;
insert into vocab.concept_relationship
select distinct *
from vocabulary.concept_relationship
semi join kept_concept one on one.concept_id = concept_id_1
semi join kept_concept other on other.concept_id = concept_id_2;

delete from vocab.source_to_concept_map;
insert into vocab.source_to_concept_map
select distinct *
from vocabulary.source_to_concept_map semi join kept_concept on concept_id = target_concept_id;

delete from vocab.vocabulary;
insert into vocab.vocabulary from vocabulary.vocabulary;

delete from vocab.domain;
insert into vocab.domain from vocabulary.domain;

delete from vocab.concept_class;
insert into vocab.concept_class from vocabulary.concept_class;

delete from vocab.relationship;
insert into vocab.relationship from vocabulary.relationship;
