package dev.kestrarig;

import io.micronaut.context.env.Environment;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;

/** The one user that may log in. */
@Singleton
final class Credentials {
    static final String USERNAME = "kestra.server.basic-auth.username";
    static final String PASSWORD = "kestra.server.basic-auth.password";

    private final byte[] expected;

    Credentials(Environment environment) {
        String user = environment.getRequiredProperty(USERNAME, String.class);
        String password = environment.getRequiredProperty(PASSWORD, String.class);
        expected = (user + ":" + password).getBytes(StandardCharsets.UTF_8);
    }

    boolean match(String header) {
        if (header == null || !header.regionMatches(true, 0, "Basic ", 0, 6)) {
            return false;
        }
        try {
            return MessageDigest.isEqual(expected, Base64.getDecoder().decode(header.substring(6).trim()));
        } catch (IllegalArgumentException e) {
            return false;
        }
    }
}
