package dev.kestrarig;

import io.kestra.core.executor.command.Create;
import io.kestra.core.executor.command.ExecutionCommand;
import io.kestra.core.models.executions.Execution;
import io.kestra.core.models.executions.ExecutionId;
import io.kestra.core.models.flows.Flow;
import io.kestra.core.queues.DispatchQueueInterface;
import io.kestra.core.repositories.ExecutionRepositoryInterface;
import io.kestra.core.repositories.FlowRepositoryInterface;
import io.kestra.core.repositories.LogDataStoreInterface;
import io.kestra.core.runners.FlowInputOutput;
import io.kestra.core.utils.IdUtils;
import io.micronaut.core.annotation.Nullable;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.http.server.multipart.MultipartBody;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.event.Level;

/** Executions: start one, look at it, read its log. */
@Controller("/api/v1/main")
@ExecuteOn(TaskExecutors.IO)
class Executions {
    private static final Duration SEEN_WITHIN = Duration.ofSeconds(15);
    private static final Duration ENDED_WITHIN = Duration.ofMinutes(10);

    private final DispatchQueueInterface<ExecutionCommand> commands;
    private final FlowRepositoryInterface flows;
    private final ExecutionRepositoryInterface executions;
    private final LogDataStoreInterface logs;
    private final FlowInputOutput inputs;

    Executions(
            DispatchQueueInterface<ExecutionCommand> commands,
            FlowRepositoryInterface flows,
            ExecutionRepositoryInterface executions,
            LogDataStoreInterface logs,
            FlowInputOutput inputs) {
        this.commands = commands;
        this.flows = flows;
        this.executions = executions;
        this.logs = logs;
        this.inputs = inputs;
    }

    @Post(uri = "/executions/{namespace}/{flowId}", consumes = MediaType.MULTIPART_FORM_DATA)
    HttpResponse<?> startWithInputs(
            String namespace, String flowId, @Body MultipartBody body, @QueryValue(defaultValue = "false") boolean wait) throws Exception {
        return start(namespace, flowId, body, wait);
    }

    @Post(uri = "/executions/{namespace}/{flowId}", consumes = MediaType.ALL)
    HttpResponse<?> startPlainly(String namespace, String flowId, @QueryValue(defaultValue = "false") boolean wait) throws Exception {
        return start(namespace, flowId, null, wait);
    }

    private HttpResponse<?> start(String namespace, String flowId, @Nullable MultipartBody body, boolean wait) throws Exception {
        Optional<Flow> found = flows.findById(Json.TENANT, namespace, flowId);
        if (found.isEmpty()) {
            return Json.error(HttpStatus.NOT_FOUND, "Not Found: flow " + namespace + "." + flowId);
        }
        Flow flow = found.get();
        if (flow.isDisabled()) {
            return Json.error(HttpStatus.CONFLICT, "Cannot execute a disabled flow");
        }
        String id = IdUtils.create();
        Map<String, Object> values;
        try {
            values = body == null ? inputs.readExecutionInputs(flow, id, Map.of()) : inputs.readExecutionInputs(flow, id, body).block();
        } catch (RuntimeException e) {
            return Json.error(HttpStatus.UNPROCESSABLE_ENTITY, e.getMessage());
        }
        ExecutionId whole = new ExecutionId(Json.TENANT, namespace, flowId, id, flow.getRevision());
        commands.emit(Create.of(whole).withInputs(values));
        Optional<Execution> execution = await(id, wait);
        return execution.isPresent() ? Json.ok(execution.get()) : Json.error(HttpStatus.SERVICE_UNAVAILABLE, "Execution " + id + " was not taken up");
    }

    private Optional<Execution> await(String id, boolean toTheEnd) throws InterruptedException {
        Instant deadline = Instant.now().plus(toTheEnd ? ENDED_WITHIN : SEEN_WITHIN);
        Optional<Execution> execution = executions.findById(Json.TENANT, id);
        while (Instant.now().isBefore(deadline) && (execution.isEmpty() || toTheEnd && !execution.get().getState().isTerminated())) {
            Thread.sleep(50);
            execution = executions.findById(Json.TENANT, id);
        }
        return execution;
    }

    @Get("/executions/{id}")
    HttpResponse<?> get(String id) {
        return Json.okOr404(executions.findById(Json.TENANT, id), "execution " + id);
    }

    @Get("/executions/search")
    HttpResponse<?> search(
            @Nullable @QueryValue String namespace,
            @Nullable @QueryValue String flowId,
            @QueryValue(defaultValue = "1") int page,
            @QueryValue(defaultValue = "10") int size) {
        List<Execution> found =
                executions.findAllAsync(Json.TENANT).collectList().blockOptional().orElse(List.of()).stream()
                        .filter(execution -> namespace == null || execution.getNamespace().equals(namespace))
                        .filter(execution -> flowId == null || execution.getFlowId().equals(flowId))
                        .sorted(Comparator.comparing((Execution execution) -> execution.getState().getStartDate()).reversed())
                        .toList();
        return Json.page(Json.slice(found, page, size), found.size());
    }

    @Get("/logs/{executionId}")
    HttpResponse<?> logs(
            String executionId, @Nullable @QueryValue Level minLevel, @Nullable @QueryValue String taskId, @Nullable @QueryValue String taskRunId) {
        if (taskRunId != null) {
            return Json.ok(logs.findByExecutionIdAndTaskRunId(Json.TENANT, executionId, taskRunId, minLevel));
        }
        if (taskId != null) {
            return Json.ok(logs.findByExecutionIdAndTaskId(Json.TENANT, executionId, taskId, minLevel));
        }
        return Json.ok(logs.findByExecutionId(Json.TENANT, executionId, minLevel));
    }
}
