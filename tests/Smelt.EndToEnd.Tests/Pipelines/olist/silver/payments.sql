SELECT
  order_id,
  payment_sequential::INTEGER AS position,
  payment_type,
  payment_installments::INTEGER AS instalments,
  payment_value::DECIMAL(10,2) AS amount
FROM STREAM bronze.payments
