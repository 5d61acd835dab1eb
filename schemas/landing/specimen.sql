create table if not exists landing.specimen (
    landing_source        varchar not null,
    landing_file          integer not null,
    "resourceType"        varchar,
    id                    varchar,
    meta                  landing.meta,
    "modifierExtension"   struct(url varchar)[],
    status                varchar,
    type                  landing.codeable_concept,
    subject               landing.reference,
    "receivedTime"        varchar,
    collection            struct(
                              "collectedDateTime" varchar,
                              "collectedPeriod" landing.period,
                              quantity landing.quantity,
                              "bodySite" struct(
                                  coding landing.coding[],
                                  text varchar,
                                  concept landing.codeable_concept -- R5
                              )
                          )
);
