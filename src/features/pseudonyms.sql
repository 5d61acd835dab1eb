-- The secret that pseudonyms are made with. It never leaves the warehouse.
create table if not exists features.pseudonym_key (
    key             varchar not null
);
