package dev.kestrarig;

import io.kestra.core.models.flows.Flow;
import io.kestra.core.models.flows.FlowWithSource;
import io.kestra.core.models.flows.GenericFlow;
import io.kestra.core.repositories.FlowRepositoryInterface;
import io.kestra.core.services.FlowService;
import io.micronaut.core.annotation.Nullable;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Delete;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Put;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import java.util.List;
import java.util.Optional;

/** Flows: their YAML in, their JSON out. */
@Controller("/api/v1/main/flows")
@ExecuteOn(TaskExecutors.IO)
class Flows {
    private final FlowService service;
    private final FlowRepositoryInterface repository;

    Flows(FlowService service, FlowRepositoryInterface repository) {
        this.service = service;
        this.repository = repository;
    }

    @Post(consumes = {MediaType.APPLICATION_YAML, MediaType.TEXT_PLAIN, MediaType.ALL})
    HttpResponse<?> create(@Body String source) {
        try {
            GenericFlow flow = GenericFlow.fromYaml(Json.TENANT, source);
            if (repository.findById(Json.TENANT, flow.getNamespace(), flow.getId()).isPresent()) {
                return Json.error(HttpStatus.UNPROCESSABLE_ENTITY, "Flow id already exists: " + flow.getNamespace() + "." + flow.getId());
            }
            return Json.ok(service.create(flow));
        } catch (Exception e) {
            return invalid(e);
        }
    }

    @Put(uri = "/{namespace}/{id}", consumes = {MediaType.APPLICATION_YAML, MediaType.TEXT_PLAIN, MediaType.ALL})
    HttpResponse<?> update(String namespace, String id, @Body String source) {
        Optional<Flow> present = repository.findById(Json.TENANT, namespace, id);
        if (present.isEmpty()) {
            return Json.error(HttpStatus.NOT_FOUND, "Not Found: flow " + namespace + "." + id);
        }
        try {
            return Json.ok(service.update(GenericFlow.fromYaml(Json.TENANT, source), present.get()));
        } catch (Exception e) {
            return invalid(e);
        }
    }

    @Get("/{namespace}/{id}")
    HttpResponse<?> get(String namespace, String id, @QueryValue(defaultValue = "false") boolean source) {
        return source
                ? Json.okOr404(repository.findByIdWithSource(Json.TENANT, namespace, id), "flow " + namespace + "." + id)
                : Json.okOr404(repository.findById(Json.TENANT, namespace, id), "flow " + namespace + "." + id);
    }

    @Get("/{namespace}")
    HttpResponse<?> list(String namespace) {
        return Json.ok(repository.findByNamespace(Json.TENANT, namespace));
    }

    @Delete("/{namespace}/{id}")
    HttpResponse<?> delete(String namespace, String id) {
        Optional<FlowWithSource> present = repository.findByIdWithSource(Json.TENANT, namespace, id);
        if (present.isEmpty()) {
            return Json.error(HttpStatus.NOT_FOUND, "Not Found: flow " + namespace + "." + id);
        }
        service.delete(present.get());
        return HttpResponse.noContent();
    }

    @Get("/search")
    HttpResponse<?> search(
            @Nullable @QueryValue String namespace,
            @Nullable @QueryValue("q") String text,
            @QueryValue(defaultValue = "1") int page,
            @QueryValue(defaultValue = "10") int size) {
        List<Flow> found =
                repository.findAll(Json.TENANT).stream()
                        .filter(flow -> namespace == null || flow.getNamespace().equals(namespace) || flow.getNamespace().startsWith(namespace + "."))
                        .filter(flow -> text == null || (flow.getNamespace() + "." + flow.getId()).contains(text))
                        .toList();
        return Json.page(Json.slice(found, page, size), found.size());
    }

    private static HttpResponse<?> invalid(Exception e) {
        Throwable root = e;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return Json.error(HttpStatus.UNPROCESSABLE_ENTITY, "Invalid entity: " + root.getMessage());
    }
}
