--liquibase formatted sql

--changeset shop:index-open-orders contextFilter:production
--comment: Only worth its space where many orders are closed
CREATE INDEX orders_open ON orders (placed_at) WHERE status <> 'closed';
--rollback DROP INDEX orders_open;
