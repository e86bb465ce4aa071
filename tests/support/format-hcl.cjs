// Reads a text in HCL from stdin and prints it as HashiCorp's formatter lays it out.
const { format } = require("@cdktf/hcl-tools");

let text = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", () => {
  format(text).then(
    (value) => process.stdout.write(value, () => process.exit(0)),
    (error) => {
      console.error(String(error));
      process.exit(1);
    },
  );
});
