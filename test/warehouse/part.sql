select count(*) as rows from {{table}} where {{condition}} and {{condition}};
