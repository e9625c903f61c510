import { Module, type DynamicModule } from '@nestjs/common';
import { ServiceIdentity } from '@sluice/service-identity';
import { KeyAuthenticator } from './authentication/key-authenticator.js';
import { PARTS, type GatewayParts } from './gateway-parts.js';
import { PagesService } from './pages/pages.service.js';
import { ProxyService } from './proxy/proxy.service.js';

@Module({})
export class AppModule {
  static with(parts: GatewayParts, keys: KeyAuthenticator, identity: ServiceIdentity): DynamicModule {
    return {
      module: AppModule,
      providers: [
        ProxyService,
        PagesService,
        { provide: PARTS, useValue: parts },
        { provide: KeyAuthenticator, useValue: keys },
        { provide: ServiceIdentity, useValue: identity },
      ],
    };
  }
}
