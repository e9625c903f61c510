import {
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Attributes,
  type Span,
  type Tracer,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { messageOf } from '@sluice/kernel';

/** One hop of the network table: who called whom, over what. Set on the span of the side that can prove it. */
export interface Hop {
  readonly from: string;
  readonly to: string;
  readonly protocol: 'http' | 'ws' | 'grpc' | 'sql' | 'ssh';
}

interface SpanOptions {
  readonly kind: 'server' | 'client' | 'internal';
  /** W3C `traceparent` of the caller; a new trace starts without one. */
  readonly parent?: string | undefined;
  readonly hop?: Hop;
  readonly attributes?: Attributes;
}

interface ActiveSpan {
  /** Hand this to whatever is called from within the span. */
  readonly traceparent: string;
  setAttribute(name: string, value: string | number | boolean): void;
}

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;

/**
 * Tracing of one app. The parent travels as an argument, not in ambient storage, so that losing it is a type error and
 * several apps in one process stay apart.
 */
export class Tracing {
  private readonly tracer: Tracer;

  private constructor(private readonly provider: BasicTracerProvider) {
    this.tracer = provider.getTracer('sluice');
  }

  /** @param endpoint OTLP/HTTP base URL (`OTEL_EXPORTER_OTLP_ENDPOINT`); without it spans are made but not sent */
  static create(service: string, endpoint: string | undefined = process.env['OTEL_EXPORTER_OTLP_ENDPOINT']): Tracing {
    const spanProcessors = endpoint
      ? [
          new BatchSpanProcessor(
            new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: 5_000 }),
            { scheduledDelayMillis: 200 },
          ),
        ]
      : [];
    return new Tracing(
      new BasicTracerProvider({ resource: resourceFromAttributes({ 'service.name': service }), spanProcessors }),
    );
  }

  /** Runs `work` inside a span; a thrown error marks the span as failed and goes on. */
  async run<T>(name: string, options: SpanOptions, work: (span: ActiveSpan) => Promise<T>): Promise<T> {
    const span = this.start(name, options);
    try {
      return await work({
        traceparent: traceparentOf(span),
        setAttribute: (key, value) => void span.setAttribute(key, value),
      });
    } catch (cause) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(cause) });
      throw cause;
    } finally {
      span.end();
    }
  }

  /** For spans that do not end with a promise (a proxied stream, a socket). The caller ends it. */
  open(name: string, options: SpanOptions): ActiveSpan & { end(failure?: string): void } {
    const span = this.start(name, options);
    return {
      traceparent: traceparentOf(span),
      setAttribute: (key, value) => void span.setAttribute(key, value),
      end: (failure) => {
        if (failure) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
        span.end();
      },
    };
  }

  async flush(): Promise<void> {
    await this.provider.forceFlush().catch(() => undefined);
  }

  async close(): Promise<void> {
    await this.provider.shutdown().catch(() => undefined);
  }

  private start(name: string, options: SpanOptions): Span {
    const parent = parseTraceparent(options.parent);
    const context = parent ? trace.setSpanContext(ROOT_CONTEXT, parent) : ROOT_CONTEXT;
    const hop = options.hop
      ? {
          'sluice.hop.from': options.hop.from,
          'sluice.hop.to': options.hop.to,
          'sluice.hop.protocol': options.hop.protocol,
        }
      : {};
    return this.tracer.startSpan(
      name,
      { kind: KINDS[options.kind], attributes: { ...options.attributes, ...hop } },
      context,
    );
  }
}

function traceparentOf(span: Span): string {
  const { traceId, spanId } = span.spanContext();
  return `00-${traceId}-${spanId}-01`;
}

/** Parses a W3C `traceparent`; anything malformed counts as absent. */
function parseTraceparent(
  header: string | undefined,
): { traceId: string; spanId: string; traceFlags: TraceFlags; isRemote: true } | undefined {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(header ?? '');
  if (!match?.[1] || !match[2] || /^0+$/.test(match[1]) || /^0+$/.test(match[2])) return undefined;
  return { traceId: match[1], spanId: match[2], traceFlags: TraceFlags.SAMPLED, isRemote: true };
}
