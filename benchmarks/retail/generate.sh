#!/bin/bash
# generate.sh FOLDER [ITEMS]: a retail pipeline at scale: the sample's own SQL over Parquet landing files, ITEMS order lines (default 10 million).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd); root=$(cd "$here/../.." && pwd)
mkdir -p "$1"; out=$(cd "$1" && pwd); items=${2:-10000000}; orders=$((items / 4)); customers=$((items / 50)); products=10000
cp -r "$root"/samples/retail/{bronze,silver,gold,functions,smelt.yml} "$out"
rm -f "$out"/silver/properties.yml "$out"/gold/properties.yml
sed -i "s/format => 'csv', header => true/format => 'parquet'/; s/format => 'json'/format => 'parquet'/" "$out"/bronze/*.sql
mkdir -p "$out"/landing/{customers,products,orders,order_items}
make() { (cd /tmp && "$root/smelt" query "$1" --format parquet --output "$out/landing/$2"); }
make "SELECT i::VARCHAR AS customer_id, '  Name ' || i AS name, 'User' || i || '@Example.COM' AS email, (['consumer','corporate','HOME OFFICE'])[1 + i % 3] AS segment,
  (['north','south','east','west'])[1 + i % 4] AS region, '+49 30 ' || i AS phone, '2025-01-0' || (1 + i % 9) || ' 08:00:00' AS updated_at FROM range(1, $customers + 1) t(i)" customers/c.parquet
make "SELECT i AS product_id, 'Product ' || i AS name, (['Kitchen','GARDEN ','toys','Books'])[1 + i % 4] AS category, (5 + (i * 7919 % 10000) / 100.0)::DECIMAL(10,2)::VARCHAR AS list_price,
  {'colour': 'red', 'weight_g': i % 5000} AS attributes FROM range(1, $products + 1) t(i)" products/p.parquet
make "SELECT i AS order_id, 1 + (hash(i) % $customers)::BIGINT AS customer_id, (DATE '2024-01-01' + (i % 365)::INT)::VARCHAR AS order_date, (['completed','Pending','SHIPPED ','canceled'])[1 + i % 4] AS status,
  (['north','south','east','west'])[1 + (i // 7) % 4] AS region, (10 + (i % 50000) / 100.0)::DECIMAL(10,2)::VARCHAR AS amount, '2025-01-01T00:00:00Z' AS updated_at FROM range(1, $orders + 1) t(i)" orders/o.parquet
make "SELECT i::VARCHAR AS order_item_id, (1 + i // 4)::VARCHAR AS order_id, (1 + hash(i) % $products)::VARCHAR AS product_id, (1 + i % 5)::VARCHAR AS quantity,
  (5 + (i % 9000) / 100.0)::DECIMAL(10,2)::VARCHAR AS unit_price FROM range($items) t(i)" order_items/i.parquet
