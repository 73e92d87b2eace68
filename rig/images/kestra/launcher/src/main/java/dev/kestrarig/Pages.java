package dev.kestrarig;

import io.kestra.core.contexts.KestraContext;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import java.util.LinkedHashMap;
import java.util.Map;

/** What isn't about flows: ping, the version, and one plain page in the UI's place. */
@Controller
final class Pages {
    private static final String PAGE =
            """
            <!DOCTYPE html>
            <html lang="en">
            <head>
              <meta charset="utf-8">
              <meta name="viewport" content="width=device-width, initial-scale=1">
              <title>Kestra stand-in</title>
              <style>
                body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; }
                code { background: #eee; padding: 0 .3em; }
              </style>
            </head>
            <body>
              <h1>Kestra's engine, without its UI</h1>
              <p>This server runs Kestra %s's published engine: real flows, executions, logs and health, on a real database.
                 It is <strong>not the official Kestra image</strong>: it was built on this machine because that image
                 could not be pulled. It has no user interface, no plugins beyond the core ones, no webhooks,
                 and its database is not compatible with the official server's.</p>
              <p>What there is: <code>/api/v1/main/flows</code>, <code>/api/v1/main/executions</code>,
                 <code>/api/v1/main/logs</code>, <code>/api/v1/configs</code>, and on the management port
                 <code>/health</code> and <code>/prometheus</code>.</p>
            </body>
            </html>
            """;

    @Get(uri = "/ping", produces = MediaType.TEXT_PLAIN)
    String ping() {
        return "pong";
    }

    @Get(uris = {"/", "/ui", "/ui/{+path}"}, produces = MediaType.TEXT_HTML)
    String page() {
        return PAGE.formatted(version());
    }

    @Get(uris = {"/api/v1/configs", "/api/v1/main/configs"}, produces = MediaType.APPLICATION_JSON)
    Map<String, Object> configs() {
        Map<String, Object> configs = new LinkedHashMap<>();
        configs.put("version", version());
        configs.put("edition", "OSS");
        configs.put("isBasicAuthInitialized", true);
        configs.put("isAnonymousUsageEnabled", false);
        configs.put("standin", Launcher.WHAT_IT_IS);
        return configs;
    }

    private static String version() {
        String told = System.getenv("RIG_VERSION");
        return told == null ? KestraContext.getContext().getVersion() : told;
    }
}
