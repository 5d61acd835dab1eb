update {{rows}}
set reason = {{fault}}
where reason is null and {{column}} not in ({{known}});
