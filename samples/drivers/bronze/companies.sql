CREATE OR REFRESH STREAMING TABLE companies
COMMENT 'Companies as they came'
AS SELECT * FROM STREAM read_files('${companies}', format => '${companies_format}');
