--liquibase formatted sql

--changeset warm-up:3 splitStatements:true
CREATE TABLE later (id int primary key, note varchar(20));
INSERT INTO later VALUES (1, 'x');
--rollback DROP TABLE later;
