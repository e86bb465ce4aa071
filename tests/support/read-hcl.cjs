// Reads a text in HCL from stdin and prints what HashiCorp's parser makes of it, as JSON.
const { parse } = require("@cdktf/hcl2json");

let text = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", () => {
  parse("main.tf", text).then(
    (value) => process.stdout.write(JSON.stringify(value), () => process.exit(0)),
    (error) => {
      console.error(String(error));
      process.exit(1);
    },
  );
});
