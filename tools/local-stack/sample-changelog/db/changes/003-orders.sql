--liquibase formatted sql

--changeset shop:create-orders
--comment: One row per order; what was ordered is in order_lines
CREATE TABLE orders (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers (id),
  status      varchar(20) NOT NULL DEFAULT 'new',
  placed_at   timestamptz NOT NULL DEFAULT now(),
  changed_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX orders_customer_id ON orders (customer_id);
--rollback DROP TABLE orders;

--changeset shop:create-order-lines
CREATE TABLE order_lines (
  order_id   bigint NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
  line       int NOT NULL,
  sku        varchar(40) NOT NULL REFERENCES products (sku),
  quantity   int NOT NULL CHECK (quantity > 0),
  unit_price ${money} NOT NULL,
  PRIMARY KEY (order_id, line)
);
--rollback DROP TABLE order_lines;

--changeset shop:view-order-totals runOnChange:true
CREATE OR REPLACE VIEW order_totals AS
  SELECT order_id, count(*) AS line_count, sum(quantity * unit_price) AS total
  FROM order_lines
  GROUP BY order_id;
--rollback DROP VIEW order_totals;

--changeset shop:trigger-orders-changed-at splitStatements:false
CREATE FUNCTION touch_changed_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.changed_at := now();
  RETURN NEW;
END
$$;
CREATE TRIGGER orders_changed_at BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch_changed_at();
--rollback DROP TRIGGER orders_changed_at ON orders; DROP FUNCTION touch_changed_at();
