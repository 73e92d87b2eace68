package dev.kestrarig;

import io.kestra.jdbc.JdbcTableConfig;
import io.kestra.jdbc.JooqDSLContextWrapper;
import io.kestra.repository.h2.H2Repository;
import io.micronaut.context.annotation.EachBean;
import io.micronaut.context.annotation.Parameter;
import io.micronaut.context.annotation.Replaces;
import io.micronaut.context.annotation.Requires;
import java.util.List;
import java.util.Map;
import org.jooq.DSLContext;
import org.jooq.Field;
import org.jooq.impl.DSL;

/** A table on Postgres: a row is written by one insert-or-update, so that two writers don't break a transaction. */
@EachBean(JdbcTableConfig.class)
@Replaces(H2Repository.class)
@Requires(property = "datasources.postgres.url")
public class PgRepository<T> extends H2Repository<T> {
    private static final Field<Object> KEY = DSL.field(DSL.quotedName("key"));

    public PgRepository(@Parameter JdbcTableConfig table, JooqDSLContextWrapper dsl) {
        super(table, dsl);
    }

    @Override
    public void persist(T entity, DSLContext dsl, Map<Field<Object>, Object> fields) {
        upsert(entity, dsl, fields);
    }

    @Override
    public int persistBatch(List<T> entities) {
        return dslContextWrapper.transactionResult(configuration -> {
            DSLContext dsl = DSL.using(configuration);
            return entities.stream().mapToInt(entity -> upsert(entity, dsl, null)).sum();
        });
    }

    @Override
    public int persistBatch(Map<T, Map<Field<Object>, Object>> entities) {
        return dslContextWrapper.transactionResult(configuration -> {
            DSLContext dsl = DSL.using(configuration);
            return entities.entrySet().stream().mapToInt(entry -> upsert(entry.getKey(), dsl, entry.getValue())).sum();
        });
    }

    private int upsert(T entity, DSLContext dsl, Map<Field<Object>, Object> fields) {
        Map<Field<Object>, Object> values = fields == null ? persistFields(entity) : fields;
        return dsl.insertInto(table)
                .set(KEY, key(entity))
                .set(values)
                .onConflict(KEY)
                .doUpdate()
                .set(values)
                .execute();
    }
}
