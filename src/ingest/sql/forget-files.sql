-- A file that was read before is read anew: what the books hold of it goes.

delete from meta.file where file_id in (select file_id from landing_file);
delete from meta.file_records where file_id in (select file_id from landing_file);
delete from meta.quarantine where file_id in (select file_id from landing_file);
delete from meta.unread_element where file_id in (select file_id from landing_file);
delete from meta.csv_layout where file_id in (select file_id from landing_file);
delete from meta.csv_reject where file_id in (select file_id from landing_file);
