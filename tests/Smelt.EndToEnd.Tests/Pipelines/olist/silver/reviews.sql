SELECT
  review_id,
  order_id,
  review_score::INTEGER AS score,
  review_comment_title AS title,
  review_comment_message AS message,
  review_creation_date::TIMESTAMP AS created_at
FROM STREAM bronze.reviews
