// Opens the export over OTLP, if something is to be sent. Its code is loaded only then.
import type { OtlpReading } from "../../config/otlp-settings.ts";
import type { Telemetry, TelemetryOptions } from "../../telemetry/telemetry.ts";

/** Stopped when `parts` are: last of all, so that the last spans are sent, too. */
export async function openExport(
  { settings, ignored }: OtlpReading,
  options: TelemetryOptions,
  parts: AsyncDisposableStack,
): Promise<Telemetry | undefined> {
  if (ignored !== undefined) options.log.warn(ignored);
  if (settings === undefined) return undefined;
  const { openTelemetry } = await import("../../telemetry/telemetry.ts");
  const telemetry = openTelemetry(settings, options);
  parts.defer(telemetry.stop);
  for (const [signal, { url }] of Object.entries(settings.targets))
    options.log.info(`OTLP: ${signal} are sent to ${new URL(url).host}`);
  return telemetry;
}
