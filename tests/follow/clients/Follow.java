import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Follows each URL of standard input with Java's HTTP client. It takes no `Location` that is not a URI. */
final class Follow {
    public static void main(String[] arguments) throws Exception {
        var client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.ALWAYS).build();
        var urls = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (var url = urls.readLine(); url != null; url = urls.readLine()) {
            try {
                var request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20)).build();
                client.send(request, BodyHandlers.discarding());
            } catch (Exception error) {
                System.err.println(url + " " + error);
            }
        }
    }
}
