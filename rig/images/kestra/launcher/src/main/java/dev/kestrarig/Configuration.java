package dev.kestrarig;

import io.micronaut.context.ApplicationContext;
import io.micronaut.context.env.Environment;
import io.micronaut.context.env.MapPropertySource;
import io.micronaut.context.env.PropertySource;
import io.micronaut.context.env.yaml.YamlPropertySourceLoader;
import java.io.InputStream;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;

/** From the YAML that the user gave to a context that only needs to be started. */
final class Configuration {
    private static final int DEFAULTS = -1000;
    private static final int FILE = 0;
    private static final int LAST_WORD = 1_000_000;

    private Configuration() {}

    /** A configuration that the server won't start with; the message says why. */
    static final class Refused extends RuntimeException {
        Refused(String message) {
            super(message);
        }
    }

    static ApplicationContext prepare(Launcher.Arguments arguments, boolean training) throws Exception {
        Map<String, Object> lastWord = new HashMap<>(arguments.overrides());
        Map<String, Object> defaults = defaults();
        if (arguments.local()) {
            defaults.putAll(localDefaults());
        }
        ApplicationContext context =
                ApplicationContext.builder()
                        .environments("cli")
                        .deduceEnvironment(false)
                        .banner(false)
                        .propertySources(
                                new Ordered("rig-defaults", defaults, DEFAULTS), new Ordered("configuration", read(arguments), FILE))
                        .build();
        Environment environment = context.getEnvironment();
        environment.start();
        if (training) {
            lastWord.put("micronaut.server.port", -1);
            lastWord.put("endpoints.all.port", -1);
        }
        lastWord.putAll(database(environment));
        lastWord.putAll(credentials(environment, arguments.local()));
        environment.addPropertySource(new Ordered("rig", lastWord, LAST_WORD));
        return context;
    }

    private static Map<String, Object> defaults() throws Exception {
        Properties properties = new Properties();
        try (InputStream in = Configuration.class.getResourceAsStream("/rig-defaults.properties")) {
            properties.load(in);
        }
        Map<String, Object> map = new LinkedHashMap<>();
        properties.forEach((key, value) -> map.put(key.toString(), value));
        return map;
    }

    private static Map<String, Object> localDefaults() {
        Map<String, Object> map = new HashMap<>();
        map.put("kestra.repository.type", "h2");
        map.put("kestra.queue.type", "h2");
        map.put(
                "datasources.h2.url",
                "jdbc:h2:file:/app/data/kestra;TIME ZONE=UTC;DB_CLOSE_DELAY=-1;DB_CLOSE_ON_EXIT=FALSE;LOCK_TIMEOUT=30000");
        map.put("datasources.h2.username", "sa");
        map.put("datasources.h2.password", "");
        map.put("datasources.h2.driver-class-name", "org.h2.Driver");
        map.put("endpoints.all.port", -1); // a random one, as the official local server has it
        return map;
    }

    private static Map<String, Object> read(Launcher.Arguments arguments) throws Exception {
        if (!Files.isReadable(arguments.config())) {
            return Map.of();
        }
        try (InputStream in = Files.newInputStream(arguments.config())) {
            return new YamlPropertySourceLoader().read("configuration", in);
        } catch (Exception e) {
            throw new Refused("the configuration is not valid YAML: " + e.getMessage());
        }
    }

    /** The database that the configuration names; Postgres is run by the engine's H2 modules (see PostgresDialect). */
    private static Map<String, Object> database(Environment environment) {
        Map<String, Object> map = new HashMap<>();
        for (String key : new String[] {"kestra.repository.type", "kestra.queue.type"}) {
            String type = environment.getProperty(key, String.class).orElse("");
            switch (type) {
                case "postgres" -> map.put(key, "h2");
                case "h2" -> {}
                case "" -> throw new Refused(key + " is not set in the configuration (postgres is expected).");
                default -> throw new Refused(key + " is '" + type + "', which this server doesn't know (postgres is expected).");
            }
        }
        if (!map.isEmpty()) {
            if (environment.getProperty("datasources.postgres.url", String.class).isEmpty()) {
                throw new Refused("datasources.postgres.url is not set in the configuration.");
            }
            map.put("datasources.postgres.driver-class-name", "org.postgresql.Driver");
            map.put("datasources.postgres.connection-timeout", 3000);
            map.put("datasources.postgres.validation-timeout", 2000);
        }
        return map;
    }

    private static Map<String, Object> credentials(Environment environment, boolean local) {
        String user = environment.getProperty(Credentials.USERNAME, String.class).orElse("");
        String password = environment.getProperty(Credentials.PASSWORD, String.class).orElse("");
        if (user.isEmpty() && password.isEmpty() && local) {
            String drawn = "Rig1" + Long.toHexString(new SecureRandom().nextLong());
            System.out.println("No credentials configured: for this try-out, log in as admin@kestra.local with " + drawn);
            return Map.of(Credentials.USERNAME, "admin@kestra.local", Credentials.PASSWORD, drawn);
        }
        if (user.isEmpty() || password.isEmpty()) {
            throw new Refused("basic authentication is not configured (kestra.server.basic-auth.username and password).");
        }
        if (!user.matches("[^@\\s]+@[^@\\s]+")) {
            throw new Refused("kestra.server.basic-auth.username must be an e-mail address.");
        }
        if (password.length() < 8 || !password.matches("(?s).*\\p{Lu}.*") || !password.matches("(?s).*\\d.*")) {
            throw new Refused("kestra.server.basic-auth.password needs 8 characters or more, an upper-case letter and a digit.");
        }
        return Map.of();
    }

    /** A map of properties with a place in the order: the higher wins. */
    private static final class Ordered extends MapPropertySource {
        private final int order;

        Ordered(String name, Map<String, Object> values, int order) {
            super(name, values);
            this.order = order;
        }

        @Override
        public int getOrder() {
            return order;
        }

        @Override
        public PropertyConvention getConvention() {
            return PropertySource.PropertyConvention.JAVA_PROPERTIES;
        }
    }
}
