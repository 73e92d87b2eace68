package dev.kestrarig;

import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ServerFilter;
import io.micronaut.core.annotation.Nullable;
import java.util.Map;

/** Basic auth on everything of the main port but /ping; the management port is open, as the official one is. */
@ServerFilter(ServerFilter.MATCH_ALL_PATTERN)
final class LoginFilter {
    private final Credentials credentials;
    private final Ports ports;

    LoginFilter(Credentials credentials, Ports ports) {
        this.credentials = credentials;
        this.ports = ports;
    }

    @RequestFilter
    @Nullable
    HttpResponse<?> check(HttpRequest<?> request) {
        if (request.getPath().equals("/ping") || ports.isManagement(request) || credentials.match(request.getHeaders().get("Authorization"))) {
            return null;
        }
        return HttpResponse.status(HttpStatus.UNAUTHORIZED)
                .header("WWW-Authenticate", "Basic realm=\"Kestra\"")
                .body(Map.of("message", "Unauthorized"));
    }

    /** Tells the two ports apart, by the one that the request came in on. */
    @jakarta.inject.Singleton
    static final class Ports {
        private final io.micronaut.context.BeanProvider<io.micronaut.runtime.server.EmbeddedServer> server;

        Ports(io.micronaut.context.BeanProvider<io.micronaut.runtime.server.EmbeddedServer> server) {
            this.server = server;
        }

        boolean isManagement(HttpRequest<?> request) {
            return request.getServerAddress().getPort() != server.get().getPort();
        }
    }
}
