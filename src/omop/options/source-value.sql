-- Option sourceValue "system#code": a source value says which code system its code is of. Text stays text.

update code_mapping
set source_value = concat_ws('#', system, code)
where code is not null;
