-- A reference that a row can do without and that leads nowhere is left out, and said to be.

update {{rows}}
set left_out = list_append(left_out, {{fault}}), {{column}} = null
where reason is null and {{column}} is not null and {{column}} not in ({{known}});
