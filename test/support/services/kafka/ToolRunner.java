import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.kafka.common.utils.Exit;
import org.slf4j.LoggerFactory;

/**
 * Runs Kafka's command line tools one after another in one JVM, since starting one takes longer than most tools do.
 * A request is a line of JSON on standard input: {"tool": class, "args": [...], "input": text}. An answer is a line on standard output
 * that begins with the character 1: {"code": exit code, "output": text, "errors": text}.
 */
public class ToolRunner {
    private static final ObjectMapper JSON = new ObjectMapper();
    /** Those that are no tool's, such as the logger's. */
    private static final List<Thread> JVM_HOOKS = new ArrayList<>();

    private static class Exited extends Error {
        Exited(int code) {
            super("exit " + code, null, false, false);
        }
    }

    public static void main(String[] args) throws Exception {
        PrintStream answers = System.out;
        LoggerFactory.getLogger(ToolRunner.class);
        JVM_HOOKS.addAll(jvmHooks());
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in, "UTF-8"));
        for (String line; (line = requests.readLine()) != null;) {
            JsonNode request = JSON.readTree(line);
            Map<String, Object> answer = run(request.get("tool").asText(), texts(request.get("args")), request.get("input").asText());
            answers.println("\u0001" + JSON.writeValueAsString(answer));
            answers.flush();
        }
        Runtime.getRuntime().halt(0);
    }

    private static Map<String, Object> run(String tool, String[] args, String input) throws Exception {
        int[] code = {-1};
        List<Runnable> hooks = new ArrayList<>();
        Exit.Procedure exit = (status, message) -> {
            if (code[0] < 0) code[0] = status;
            throw new Exited(status);
        };
        Exit.setExitProcedure(exit);
        Exit.setHaltProcedure(exit);
        Exit.setShutdownHookAdder((name, hook) -> hooks.add(hook));
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        PrintStream[] before = {System.out, System.err};
        System.setIn(new ByteArrayInputStream(input.getBytes("UTF-8")));
        System.setOut(new PrintStream(output, true, "UTF-8"));
        System.setErr(new PrintStream(errors, true, "UTF-8"));
        try {
            Class.forName(tool).getMethod("main", String[].class).invoke(null, (Object) args);
        } catch (InvocationTargetException e) {
            if (!(e.getCause() instanceof Exited)) {
                e.getCause().printStackTrace();
                code[0] = 1;
            }
        }
        for (Runnable hook : hooks) hook.run();
        for (Thread hook : jvmHooks()) {
            Runtime.getRuntime().removeShutdownHook(hook);
            hook.run();
        }
        System.setOut(before[0]);
        System.setErr(before[1]);
        return Map.of("code", Math.max(code[0], 0), "output", output.toString("UTF-8"), "errors", errors.toString("UTF-8"));
    }

    /** Hooks that a tool gave to the JVM itself: it expects to be alone in it. */
    private static List<Thread> jvmHooks() throws Exception {
        Field hooks = Class.forName("java.lang.ApplicationShutdownHooks").getDeclaredField("hooks");
        hooks.setAccessible(true);
        return ((Map<?, ?>) hooks.get(null)).keySet().stream()
            .map(Thread.class::cast)
            .filter(hook -> !JVM_HOOKS.contains(hook))
            .collect(Collectors.toList());
    }

    private static String[] texts(JsonNode list) {
        List<String> texts = new ArrayList<>();
        list.forEach(item -> texts.add(item.asText()));
        return texts.toArray(new String[0]);
    }
}
