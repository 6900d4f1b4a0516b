SELECT
  geolocation_zip_code_prefix AS zip,
  geolocation_lat AS latitude,
  geolocation_lng AS longitude,
  geolocation_city AS city,
  geolocation_state AS state
FROM STREAM bronze.geo
