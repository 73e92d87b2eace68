package dev.kestrarig;

import io.micronaut.context.ApplicationContext;
import java.nio.file.Path;
import java.util.Map;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** Starts Kestra's published engine: {@code server standalone} or {@code server local}. */
public final class Launcher {
    static final String WHAT_IT_IS =
            "This is kestra-rig's stand-in, built from Kestra's published 2.0.0 engine. It is not the official Kestra image.";
    private static final String USAGE =
            """
            Usage: server standalone|local [--port N] [--config FILE] [--worker-thread N]
              standalone  all components in one process, on the database that the configuration names
              local       all components in one process, on an embedded H2 (a try-out)
            """;

    private Launcher() {}

    public static void main(String[] words) {
        System.out.println(WHAT_IT_IS);
        Arguments arguments;
        try {
            arguments = Arguments.parse(words);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage());
            System.err.print(USAGE);
            System.exit(2);
            return;
        }
        if (arguments == null) {
            System.out.print(USAGE);
            return;
        }
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
        try {
            run(arguments);
        } catch (Throwable e) {
            fail(e);
        }
    }

    private static void run(Arguments arguments) throws Exception {
        boolean training = System.getenv("RIG_TRAIN") != null;
        ApplicationContext context = Configuration.prepare(arguments, training);
        PostgresDialect.install(context.getEnvironment());
        context.start();
        Engine engine = new Engine(context);
        engine.start(arguments.workerThreads());
        if (training) {
            engine.stop();
            System.exit(0);
        }
        Thread.currentThread().join();
    }

    /** Says the reason, innermost first, and ends with 1. */
    private static void fail(Throwable e) {
        Throwable root = e;
        while (root.getCause() != null && root.getCause() != root) {
            root = root.getCause();
        }
        System.err.println("Kestra can't start: " + root.getMessage());
        if (!(e instanceof Configuration.Refused)) {
            System.err.println("  " + root.getClass().getName());
            for (Throwable cause = e; cause != null && cause != root; cause = cause.getCause()) {
                System.err.println("  while: " + firstLine(cause));
            }
        }
        System.err.flush();
        Runtime.getRuntime().halt(1);
    }

    private static String firstLine(Throwable e) {
        String text = String.valueOf(e.getMessage());
        int end = text.indexOf('\n');
        return e.getClass().getSimpleName() + ": " + (end < 0 ? text : text.substring(0, end));
    }

    /** What was typed. */
    record Arguments(boolean local, Path config, Integer port, Integer workerThreads) {
        static Arguments parse(String[] words) {
            if (words.length == 0 || words[0].equals("--help") || words[0].equals("-h") || words[0].equals("help")) {
                return null;
            }
            if (words[0].equals("--version")) {
                System.out.println("2.0.0 (kestra-rig stand-in)");
                System.exit(0);
            }
            if (!words[0].equals("server") || words.length < 2) {
                throw new IllegalArgumentException("Unknown command: " + String.join(" ", words));
            }
            boolean local =
                    switch (words[1]) {
                        case "standalone" -> false;
                        case "local" -> true;
                        default -> throw new IllegalArgumentException("Unknown server: " + words[1]);
                    };
            Path config = Path.of(System.getenv().getOrDefault("KESTRA_CONFIGURATION_PATH", "/app/confs/application.yml"));
            Integer port = null;
            Integer threads = null;
            for (int i = 2; i < words.length; i += 2) {
                int equals = words[i].indexOf('=');
                String name = equals < 0 ? words[i] : words[i].substring(0, equals);
                String value;
                if (equals >= 0) {
                    value = words[i--].substring(equals + 1);
                } else if (i + 1 < words.length) {
                    value = words[i + 1];
                } else {
                    throw new IllegalArgumentException("A value is missing after " + words[i]);
                }
                switch (name) {
                    case "--port", "-p" -> port = Integer.valueOf(value);
                    case "--worker-thread" -> threads = Integer.valueOf(value);
                    case "--config", "-c" -> config = Path.of(value);
                    default -> throw new IllegalArgumentException("Unknown option: " + name);
                }
            }
            return new Arguments(local, config, port, threads);
        }

        Map<String, Object> overrides() {
            return port == null ? Map.of() : Map.of("micronaut.server.port", port);
        }
    }
}
