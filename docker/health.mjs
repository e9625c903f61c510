// The health check of every image: is the service in this container ready? HEALTH_PORT says where it listens. It speaks TLS when a certificate is
// configured (<APP>_TLS_CERT_FILE); whose name that certificate has does not matter, because the question never leaves the container.
import { request as plain } from 'node:http';
import { request as encrypted } from 'node:https';

const speaksTls = Object.entries(process.env).some(([name, value]) => name.endsWith('_TLS_CERT_FILE') && value);
const where = { host: '127.0.0.1', port: process.env.HEALTH_PORT, path: '/health/ready', timeout: 2_500 };
const ask = speaksTls ? encrypted({ ...where, rejectUnauthorized: false }) : plain(where);
const end = (code) => process.exit(code);

ask.on('response', ({ statusCode }) => end(statusCode === 200 ? 0 : 1));
ask.on('timeout', () => end(1));
ask.on('error', () => end(1));
ask.end();
