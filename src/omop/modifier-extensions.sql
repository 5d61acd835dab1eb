-- Whether a record has a modifierExtension that may turn its meaning round: one that is not among those which the user allows.
create or replace macro mapping.is_modified(extensions) as len({{modifier_extensions}}) > 0;
