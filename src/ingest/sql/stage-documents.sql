-- JSON files that hold one resource (or several behind one another), most often a Bundle.

insert into staged_resource
select file.source, file.file_id, null, null, resource_type_of(document.json), document.json
from read_json_objects(
    {{files}}, format => 'unstructured', filename => true, compression => {{compression}},
    maximum_object_size => {{maximum_object_size}}
) document
join landing_file file on file.path = document.filename;
