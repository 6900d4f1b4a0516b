CREATE OR REFRESH STREAMING TABLE driver_events
COMMENT 'Driver events as they came, each with the file it came from'
AS SELECT * FROM STREAM read_files('${events}', format => 'json');
