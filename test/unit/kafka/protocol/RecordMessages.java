import com.fasterxml.jackson.databind.*;
import com.fasterxml.jackson.databind.node.*;
import java.io.File;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.apache.kafka.common.protocol.*;

/** Writes the messages of messages.json as Apache's own classes do: java -cp 'libs/*' RecordMessages.java messages.json java-messages.json */
public class RecordMessages {
  public static void main(String[] args) throws Exception {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode out = mapper.createObjectNode();
    var fields = mapper.readTree(new File(args[0])).fields();
    while (fields.hasNext()) {
      var entry = fields.next();
      ObjectNode versions = out.putObject(entry.getKey());
      JsonNode range = entry.getValue().get("versions");
      for (int version = range.get(0).asInt(); version <= range.get(1).asInt(); version++) {
        try {
          versions.put(String.valueOf(version), hex(entry.getKey(), entry.getValue().get("data"), (short) version));
        } catch (Exception e) {
          System.err.println(entry.getKey() + " v" + version + ": " + (e.getCause() == null ? e : e.getCause()));
        }
      }
    }
    mapper.writerWithDefaultPrettyPrinter().writeValue(new File(args[1]), out);
  }

  static String hex(String name, JsonNode data, short version) throws Exception {
    Class<?> converter = Class.forName("org.apache.kafka.common.message." + name.split("@")[0] + "DataJsonConverter");
    Message message = (Message) converter.getMethod("read", JsonNode.class, short.class).invoke(null, data, version);
    ObjectSerializationCache cache = new ObjectSerializationCache();
    ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
    message.write(new ByteBufferAccessor(buffer), cache, version);
    return HexFormat.of().formatHex(buffer.array());
  }
}
