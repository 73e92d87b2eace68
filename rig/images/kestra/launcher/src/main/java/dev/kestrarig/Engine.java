package dev.kestrarig;

import io.kestra.core.contexts.KestraContext;
import io.kestra.core.runners.Executor;
import io.kestra.core.runners.Indexer;
import io.kestra.core.runners.Scheduler;
import io.kestra.core.runners.Worker;
import io.kestra.core.server.Service;
import io.kestra.core.utils.ExecutorsUtils;
import io.kestra.core.worker.Controller;
import io.kestra.worker.systemworker.SystemWorker;
import io.micronaut.context.ApplicationContext;
import io.micronaut.runtime.server.EmbeddedServer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The components of a standalone server, in one process. */
final class Engine {
    private static final Logger log = LoggerFactory.getLogger(Engine.class);
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Duration GIVE_UP = Duration.ofSeconds(10);

    private final ApplicationContext context;
    private final AtomicBoolean stopped = new AtomicBoolean();

    Engine(ApplicationContext context) {
        this.context = context;
    }

    void start(Integer workerThreads) throws InterruptedException {
        Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "shutdown"));
        EmbeddedServer server = context.getBean(EmbeddedServer.class).start();
        ExecutorService pool = context.getBean(ExecutorsUtils.class).cachedThreadPool("standalone");
        int threads = workerThreads == null ? Worker.defaultNumThreads() : workerThreads;

        Executor executor = context.getBean(Executor.class);
        Controller controller = context.getBean(Controller.class);
        Worker worker = context.getBean(Worker.class);
        Scheduler scheduler = context.getBean(Scheduler.class);
        Indexer indexer = context.getBean(Indexer.class);
        SystemWorker systemWorker = context.getBean(SystemWorker.class);
        pool.execute(guarded("executor", executor));
        pool.execute(guarded("controller", controller::start));
        pool.execute(guarded("worker", () -> worker.start(threads)));
        pool.execute(guarded("scheduler", scheduler));
        pool.execute(guarded("indexer", indexer));
        pool.execute(guarded("system worker", systemWorker::start));

        List<Service> services = List.of(executor, controller, worker, scheduler, indexer, systemWorker);
        awaitRunning(services);
        Thread.ofPlatform().daemon().name("watch").start(() -> watch(services));
        log.info("Server Running: {}", server.getURL());
    }

    private Runnable guarded(String name, Runnable start) {
        return () -> {
            try {
                start.run();
            } catch (Throwable e) {
                if (!stopped.get()) {
                    log.error("The {} can't run: {}", name, e.getMessage(), e);
                    System.exit(1);
                }
            }
        };
    }

    private void awaitRunning(List<Service> services) throws InterruptedException {
        Instant deadline = Instant.now().plus(PATIENCE);
        for (Service service : services) {
            while (!isUp(service)) {
                if (Instant.now().isAfter(deadline)) {
                    throw new IllegalStateException(service.getType() + " is still " + service.getState() + " after " + PATIENCE);
                }
                Thread.sleep(20);
            }
        }
    }

    /**
     * Ends the process when the engine gives up by itself, as it does when its database is gone. Left alone it
     * closes its parts one after the other, each waiting for that database, and ends with 0 after minutes.
     */
    private void watch(List<Service> services) {
        while (services.stream().allMatch(Engine::isUp)) {
            pause(Duration.ofMillis(500));
        }
        if (stopped.get()) {
            return;
        }
        log.error("Kestra is stopping by itself; the errors above say why. Most often its database is gone.");
        pause(GIVE_UP);
        System.err.println("Kestra ended by itself, with exit code 1.");
        Runtime.getRuntime().halt(1);
    }

    private static void pause(Duration time) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean isUp(Service service) {
        Service.ServiceState state = service.getState();
        return state == Service.ServiceState.RUNNING || state == Service.ServiceState.MAINTENANCE;
    }

    void stop() {
        if (stopped.compareAndSet(false, true)) {
            KestraContext.getContext().shutdown();
        }
    }
}
