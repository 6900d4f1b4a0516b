-- One way to clean a label, used by every layer above bronze.
CREATE MACRO clean_label(label) AS nullif(lower(trim(label)), '');
