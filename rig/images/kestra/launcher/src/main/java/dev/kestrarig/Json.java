package dev.kestrarig;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.kestra.core.serializers.JacksonMapper;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Answers in Kestra's own JSON. */
final class Json {
    static final String TENANT = "main";

    private Json() {}

    static MutableHttpResponse<String> ok(Object value) {
        return answer(HttpStatus.OK, value);
    }

    static MutableHttpResponse<String> okOr404(Optional<?> value, String what) {
        return value.isPresent() ? ok(value.get()) : error(HttpStatus.NOT_FOUND, "Not Found: " + what);
    }

    static MutableHttpResponse<String> page(List<?> results, long total) {
        Map<String, Object> page = new LinkedHashMap<>();
        page.put("results", results);
        page.put("total", total);
        return ok(page);
    }

    static MutableHttpResponse<String> error(HttpStatus status, String message) {
        return answer(status, Map.of("message", String.valueOf(message)));
    }

    private static MutableHttpResponse<String> answer(HttpStatus status, Object value) {
        try {
            String body = JacksonMapper.ofJson().writeValueAsString(value);
            return HttpResponse.<String>status(status).contentType(MediaType.APPLICATION_JSON_TYPE).body(body);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** One page out of a whole list, as the query asks for it (page from 1). */
    static <T> List<T> slice(List<T> all, int page, int size) {
        int from = Math.min(all.size(), Math.max(0, page - 1) * size);
        return all.subList(from, Math.min(all.size(), from + size));
    }
}
